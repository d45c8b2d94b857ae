// The pay page's side of the frame: tells the page around it what happened, as Polar's page does.
(() => {
  "use strict";
  const place = document.querySelector("[data-frame]");
  if (!place || window.parent === window) return;
  const { origin, successUrl, redirect } = place.dataset;

  const tell = (event, more = {}) => {
    if (origin) window.parent.postMessage({ type: "POLAR_CHECKOUT", event, ...more }, origin);
  };

  if (successUrl === undefined) {
    tell("loaded");
  } else {
    tell("confirmed");
    tell("success", { successURL: successUrl, redirect: redirect === "true" });
  }
  const close = document.querySelector("[data-close]");
  if (close) {
    close.hidden = false;
    close.addEventListener("click", () => tell("close"));
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tell("close");
  });
})();
