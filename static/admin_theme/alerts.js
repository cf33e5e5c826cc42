// Keys for the list of alerts. They work only while the focus is in the list, so that they never surprise
// somebody who dictates or types elsewhere on the page.
(function () {
  "use strict";

  var ACTION_OF_KEY = { a: "acknowledge", m: "assign_to_me", s: "snooze", r: "resolve", n: "note" };

  function rows() {
    return Array.prototype.slice.call(document.querySelectorAll("#result_list tbody tr")).filter(function (row) {
      return row.querySelector("input.action-select");
    });
  }

  function linkOf(row) {
    return row.querySelector("a[href]");
  }

  function move(row, step) {
    var all = rows();
    var next = all[all.indexOf(row) + step];
    if (next) {
      linkOf(next).focus();
      next.scrollIntoView({ block: "nearest" });
    }
  }

  function choose(row) {
    var box = row.querySelector("input.action-select");
    box.click();
    linkOf(row).focus();
  }

  function act(row, name) {
    var form = document.getElementById("changelist-form");
    var action = form.querySelector("select[name=action]");
    if (!rows().some(function (each) { return each.querySelector("input.action-select").checked; })) {
      choose(row);
    }
    action.value = name;
    action.dispatchEvent(new Event("change", { bubbles: true }));
    var hidden = document.createElement("input");
    hidden.type = "hidden";
    hidden.name = "action";
    hidden.value = name;
    if (action.value !== name) {
      form.appendChild(hidden);
    }
    form.submit();
  }

  document.addEventListener("keydown", function (event) {
    var row = event.target.closest && event.target.closest("#result_list tbody tr");
    var writes = event.target.matches && event.target.matches("input:not([type=checkbox]), select, textarea");
    if (!row || writes || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    var key = event.key.toLowerCase();
    if (key === "j" || key === "arrowdown") {
      move(row, 1);
    } else if (key === "k" || key === "arrowup") {
      move(row, -1);
    } else if (key === "x") {
      choose(row);
    } else if (ACTION_OF_KEY[key]) {
      act(row, ACTION_OF_KEY[key]);
    } else {
      return;
    }
    event.preventDefault();
  });

  function begin() {
    var help = document.querySelector(".alert-keys");
    var first = rows()[0];
    if (help && first) {
      help.hidden = false;
      if (!document.activeElement || document.activeElement === document.body) {
        linkOf(first).focus({ preventScroll: true });
      }
    }
  }

  // Only then does the page stand still: scripts of the admin move the list while it loads, and that takes the focus.
  if (document.readyState === "complete") {
    begin();
  } else {
    window.addEventListener("load", begin);
  }
})();
