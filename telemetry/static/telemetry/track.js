// <script src=".../track.js" data-write-key="wk_..." defer></script>
// mainstay.track(name, data), mainstay.identify(id, traits), mainstay.page(data), mainstay.reset().
// Attributes: data-host (where to send), data-respect-dnt, data-manual (no page views by itself).
// A message stays stored until the server has answered; sent twice, it counts once, by its id.
(function (w, d) {
  "use strict";
  var s = d.currentScript, waiting = w.mainstay, memory = {}, busy, wait = 1e3, timer, last;
  if (!s) return;
  var n = w.navigator, key = s.getAttribute("data-write-key");
  var host = s.getAttribute("data-host") || s.src.split("/").slice(0, 3).join("/");
  var off = !key || (s.hasAttribute("data-respect-dnt") && (n.globalPrivacyControl || n.doNotTrack === "1"));

  function stored(name, value) {
    name = "mainstay." + name;
    if (arguments.length > 1) {
      memory[name] = value;
      try {
        w.localStorage.removeItem(name);
        w.localStorage.setItem(name, JSON.stringify(value));
      } catch (e) { /* stays in memory */ }
    }
    try {
      var text = w.localStorage.getItem(name);
      if (text !== null) return JSON.parse(text);
    } catch (e) { /* stays in memory */ }
    return memory[name];
  }

  function uuid() {
    var c = w.crypto;
    if (c && c.randomUUID) return c.randomUUID();
    return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, function () {
      return (c ? c.getRandomValues(new Uint8Array(1))[0] & 15 : (Math.random() * 16) | 0).toString(16);
    });
  }

  function queue() {
    var q = stored("queue");
    return Array.isArray(q) ? q : [];
  }

  function body(batch) {
    return JSON.stringify({ writeKey: key, batch: batch, sentAt: new Date().toISOString() });
  }

  function done(batch) {
    var ids = batch.map(function (m) { return m.messageId; });
    stored("queue", queue().filter(function (m) { return ids.indexOf(m.messageId) < 0; }));
    busy = 0;
    wait = 1e3;
    if (queue().length) later(0);
  }

  function again() {
    busy = 0;
    later(wait);
    wait = Math.min(wait * 2, 3e5);
  }

  function send() {
    timer = 0;
    var batch = queue().slice(0, 20);
    if (busy || !batch.length) return;
    var text = body(batch);
    busy = 1;
    // As text/plain it needs no preflight.
    w.fetch(host + "/v1/batch", { method: "POST", body: text, credentials: "omit", keepalive: text.length < 3e4 }).then(
      function (r) { r.status > 499 || r.status === 429 || r.status === 408 ? again() : done(batch); },
      again
    );
  }

  function later(ms) {
    if (!timer) timer = setTimeout(safe(send), ms);
  }

  function add(type, m) {
    if (off) return;
    // What is no JSON fails here, not in the queue.
    m = JSON.parse(JSON.stringify(m));
    m.type = type;
    m.messageId = "web-" + uuid();
    m.timestamp = new Date().toISOString();
    m.anonymousId = stored("anonymous") || stored("anonymous", uuid());
    if (stored("user")) m.userId = stored("user");
    m.context = { page: { path: w.location.pathname } };
    stored("queue", queue().concat(m).slice(-200));
    later(50);
  }

  function view() {
    if (last === w.location.pathname) return;
    last = w.location.pathname;
    api.page();
  }

  function safe(f) {
    return function () {
      try { return f.apply(null, arguments); } catch (e) { /* a page never breaks */ }
    };
  }

  var api = {
    track: safe(function (name, data) { add("track", { event: name, properties: data || {} }); }),
    page: safe(function (data) {
      var facts = { path: w.location.pathname, title: d.title, referrer: d.referrer.split("?")[0] };
      for (var k in data) facts[k] = data[k];
      add("page", { properties: facts });
    }),
    identify: safe(function (id, traits) {
      if (id) stored("user", String(id));
      add("identify", { traits: traits || {} });
    }),
    reset: safe(function () {
      stored("user", null);
      stored("anonymous", uuid());
    }),
    push: safe(function (call) { api[call[0]].apply(null, call.slice(1)); })
  };

  safe(function () {
    w.mainstay = api;
    if (Array.isArray(waiting)) waiting.forEach(api.push);
    w.addEventListener("pagehide", safe(function () {
      var batch = queue().slice(0, 20);
      if (batch.length && !off) n.sendBeacon(host + "/v1/batch", body(batch));
    }));
    if (off) return;
    if (queue().length) later(0);
    if (s.hasAttribute("data-manual")) return;
    var push = w.history.pushState;
    w.history.pushState = function () {
      var result = push.apply(this, arguments);
      setTimeout(safe(view), 0);
      return result;
    };
    w.addEventListener("popstate", safe(view));
    d.prerendering ? d.addEventListener("prerenderingchange", safe(view)) : view();
  })();
})(window, document);
