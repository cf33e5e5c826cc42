// Asks what new levels would have done without leaving the page: it can take many seconds. Whatever goes wrong, such
// as levels that are refused or a session that has ended, is left to the form as it works without a script.
(function () {
  "use strict";

  var BUTTON = "button[name=_what_if]";

  function tell(panel, what) {
    var status = panel.querySelector("[role=status]");
    status.textContent = what ? status.getAttribute("data-" + what) : "";
    status.classList.toggle("is-working", what === "working");
  }

  function work(panel, works) {
    panel.querySelector(BUTTON).disabled = works;
    panel.setAttribute("aria-busy", String(works));
    tell(panel, works ? "working" : "");
  }

  function show(panel, page) {
    var answer = new DOMParser().parseFromString(page, "text/html").querySelector(".what-if section");
    var shown = panel.querySelector("section");
    if (!answer) {
      throw new Error("The levels are refused.");
    }
    if (shown) {
      shown.remove();
    }
    work(panel, false);
    panel.appendChild(document.adoptNode(answer)).focus();
  }

  function sendPlainly(form) {
    var asked = document.createElement("input");
    asked.type = "hidden";
    asked.name = "_what_if";
    asked.value = "1";
    form.appendChild(asked).form.submit();
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest(BUTTON);
    if (!button) {
      return;
    }
    var panel = button.closest(".what-if");
    var form = button.form;
    var sent = new FormData(form);
    sent.append("_what_if", "1");
    event.preventDefault();
    work(panel, true);
    fetch(window.location.href, { method: "POST", body: sent, credentials: "same-origin" })
      .then(function (response) { return response.text(); })
      .then(function (page) { show(panel, page); })
      .catch(function () { sendPlainly(form); });
  });

  document.addEventListener("input", function (event) {
    var panel = document.querySelector(".what-if");
    if (panel && panel.querySelector("section") && panel.closest("form").contains(event.target)) {
      tell(panel, "changed");
      panel.querySelector("section").classList.add("is-old");
    }
  });
})();
