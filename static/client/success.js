// What htmx sends and nobody answers must not pass in silence.
for (const [event, hidden] of [["htmx:sendError", false], ["htmx:responseError", false], ["htmx:beforeRequest", true]]) {
  document.addEventListener(event, () => { document.getElementById("unsent").hidden = hidden; });
}
