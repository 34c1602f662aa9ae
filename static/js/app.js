/* Small conveniences. Every page works without this file: it adds keys, the CSRF header for htmx, and manners. */
(function () {
  "use strict";

  const root = document.documentElement;

  /* htmx: one listener gives every request its CSRF token. */
  document.addEventListener("htmx:configRequest", function (event) {
    const token = document.querySelector('meta[name="csrf-token"]');
    if (token) { event.detail.headers["X-CSRFToken"] = token.content; }
  });

  /* A refusal (403, 409) is an answer that is shown, not an error that is swallowed. */
  document.addEventListener("htmx:beforeSwap", function (event) {
    const status = event.detail.xhr.status;
    if (status === 400 || status === 403 || status === 409) { event.detail.shouldSwap = true; }
  });

  /* A job that has come to its end: show the page that says what came of it. */
  document.addEventListener("htmx:afterSettle", function (event) {
    const done = event.target.closest && document.querySelector("[data-reload]");
    if (done) { window.location.reload(); }
  });

  /* One menu open at a time; Escape and a click elsewhere close it. */
  function menus() { return document.querySelectorAll("details.menu[open]"); }
  document.addEventListener("click", function (event) {
    menus().forEach(function (menu) { if (!menu.contains(event.target)) { menu.open = false; } });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") { return; }
    menus().forEach(function (menu) { menu.open = false; menu.querySelector("summary").focus(); });
  });

  /* "Choose all" above a column of boxes. */
  document.addEventListener("change", function (event) {
    const box = event.target;
    if (!box.matches || !box.matches("input[data-all]")) { return; }
    document.querySelectorAll('input[type="checkbox"][name="' + box.dataset.all + '"]').forEach(function (each) {
      each.checked = box.checked;
    });
  });

  /* A form is sent once, however often its button is pressed. */
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) { return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    window.setTimeout(function () { delete form.dataset.sent; }, 8000);
  });

  /* Keys: / search, g h home, g p phases, g i issues, j k rows, ? help. Off when the person turned them off. */
  if (root.dataset.keys !== "on") { return; }

  const places = {};
  document.querySelectorAll("[data-key]").forEach(function (link) { places[link.dataset.key] = link.href; });
  let waiting = 0;

  function rows() { return Array.from(document.querySelectorAll("main table tbody tr")).filter(function (row) { return row.offsetParent; }); }

  function move(by) {
    const all = rows();
    if (!all.length) { return; }
    const here = all.findIndex(function (row) { return row.classList.contains("chosen"); });
    const next = all[Math.min(all.length - 1, Math.max(0, here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by))];
    if (here >= 0) { all[here].classList.remove("chosen"); }
    next.classList.add("chosen");
    next.scrollIntoView({ block: "nearest" });
    const link = next.querySelector("a, button, input");
    if (link) { link.focus({ preventScroll: true }); }
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (event.target.closest("input, textarea, select, [contenteditable], dialog[open]")) { return; }
    const second = Date.now() - waiting < 1200;
    waiting = 0;
    if (second && places[event.key]) { window.location.assign(places[event.key]); event.preventDefault(); return; }
    switch (event.key) {
      case "g": waiting = Date.now(); return;
      case "/": {
        const search = document.getElementById("search");
        if (search) { search.focus(); search.select(); event.preventDefault(); }
        return;
      }
      case "j": move(1); return;
      case "k": move(-1); return;
      case "?": {
        const help = document.getElementById("keys-help");
        if (help && help.showModal) { help.showModal(); event.preventDefault(); }
        return;
      }
      default:
    }
  });
})();
