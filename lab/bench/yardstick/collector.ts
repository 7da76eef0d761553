/** A stand-in for a collector of traces. It takes everything and reads nothing, so it costs little. */
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  request.resume();
  request.once('end', () => {
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('collector ready'));
process.once('SIGTERM', () => {
  server.closeAllConnections();
  server.close();
});
