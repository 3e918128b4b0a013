// Keys, focus and what a screen reader is told. Every page works without this file: buttons, links and forms do it all.
"use strict";
(() => {
  const heading = document.querySelector("[data-focus]");
  if (heading) heading.focus({ preventScroll: true });
  const status = document.getElementById("status");
  // A live region speaks when it changes, so its text comes after the page.
  if (status) setTimeout(() => { status.textContent = status.dataset.said; }, 150);

  const form = document.getElementById("answer");
  let sent = false;
  if (form) form.addEventListener("submit", (event) => {
    if (sent) { event.preventDefault(); return; }
    sent = true;
    form.elements.elapsed.value = String(Math.round(performance.now()));
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  const keys = document.getElementById("keys");
  if (keys) {
    keys.checked = localStorage.getItem("keys") !== "off";
    keys.addEventListener("change", () => localStorage.setItem("keys", keys.checked ? "on" : "off"));
  }
  addEventListener("keydown", (event) => {
    // A key that is held down repeats on the next page: that is no answer to it.
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || sent || (keys && !keys.checked)) return;
    if (event.key === "h") { const box = document.getElementById("alone"); if (box) box.click(); return; }
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (target) { event.preventDefault(); target.click(); }
  });
})();
