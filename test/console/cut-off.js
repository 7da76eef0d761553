// Evaluated in a page: what is wider than its place, as a list of texts.
(() => {
  const { documentElement: root } = document;
  const found = [];
  if (root.scrollWidth > root.clientWidth) {
    found.push(`the page is ${root.scrollWidth} px wide`);
    for (const element of document.querySelectorAll('body *')) {
      const { right } = element.getBoundingClientRect();
      if (right > root.clientWidth + 1) found.push(`${element.tagName}.${element.className}`);
    }
  }
  for (const element of document.querySelectorAll('body *')) {
    const { overflowX, position } = getComputedStyle(element);
    const isClipped = overflowX === 'hidden' || overflowX === 'clip';
    // A field scrolls its text by itself. What only screen readers read is one pixel wide on purpose.
    if (element.matches('input, textarea')) continue;
    if (!isClipped || (position === 'absolute' && element.clientWidth <= 1)) continue;
    if (element.scrollWidth > element.clientWidth + 1) {
      found.push(`${element.tagName}.${element.className}: ${element.textContent.slice(0, 40)}`);
    }
  }
  return found;
})();
