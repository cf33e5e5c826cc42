// What htmx sends for the reader and nobody answers must not pass in silence; what the page asks by itself may.
for (const [event, hidden] of [["htmx:sendError", false], ["htmx:responseError", false], ["htmx:beforeRequest", true]]) {
  document.addEventListener(event, ({ target }) => {
    if (!target.closest("#ask")) document.getElementById("unsent").hidden = hidden;
  });
}
