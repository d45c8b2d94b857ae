// Asks what became of the purchase and goes on as soon as it is known. Without this script the page
// reloads itself every few seconds, with the same result.
"use strict";
(() => {
  const statusUrl = document.currentScript.dataset.statusUrl;
  const ask = async () => {
    try {
      const answer = await fetch(statusUrl, { headers: { Accept: "application/json" } });
      if (answer.ok && (await answer.json()).state !== "pending") {
        window.location.reload();
        return;
      }
    } catch {
      // No network for a moment: the next question may get through.
    }
    window.setTimeout(ask, 1500);
  };
  window.setTimeout(ask, 1000);
})();
