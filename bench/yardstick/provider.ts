/** A game server that grants whatever it is asked for and remembers nothing: it costs next to nothing. */
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  request.resume();
  request.once('end', () => {
    const isGrant = request.method === 'POST';
    response.writeHead(isGrant ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isGrant ? { state: 'GRANTED' } : {}));
  });
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('provider ready'));
process.once('SIGTERM', () => {
  server.closeAllConnections();
  server.close();
});
