// The pay page without this file works as well; with it, the total follows the choices at once,
// and a test card is filled in without a round trip.
(() => {
  "use strict";
  const form = document.querySelector("[data-checkout]");
  if (!form || !window.fetch || !window.DOMParser) return;
  document.documentElement.classList.add("scripted");
  let latest = 0;

  const asked = (page) =>
    [...new Set([...page.querySelectorAll("[data-checkout] [name]")].map((each) => each.name))].join();

  async function reckon() {
    const mine = ++latest;
    const body = new FormData(form);
    body.delete("card");
    body.set("action", "update");
    // Not form.action: that is a button of this name.
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== latest) return;
    // Other questions to answer, for example an address: show the page as it is now.
    if (asked(page) !== asked(document)) return location.reload();
    const focused = document.activeElement && document.activeElement.id;
    for (const part of form.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(part.id);
      if (fresh && part.innerHTML !== fresh.innerHTML) part.innerHTML = fresh.innerHTML;
    }
    if (focused) document.getElementById(focused)?.focus();
  }

  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-reprices]")) reckon().catch(() => location.reload());
  });

  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fill]");
    const field = form.elements.namedItem("card");
    if (!button || !field) return;
    event.preventDefault();
    field.value = button.dataset.fill;
    field.focus();
  });
})();
