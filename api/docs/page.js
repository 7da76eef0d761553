// Runs in the browser, after swagger-ui-bundle.js.
window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#api',
  deepLinking: true,
  filter: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  // Otherwise a badge of a public validator's is asked for on hosts other than localhost.
  validatorUrl: 'none',
});
