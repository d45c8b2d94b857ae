// Opens the pay page in a frame above this page. Buttons made by {% checkout_button embed=True %}
// are forms: without this script, or where anything fails, they lead to the pay page itself.
//
// The form hears what happens as events, "polar:loaded", "polar:confirmed", "polar:success" and
// "polar:close", whose `detail` is the provider's message; one whose default is prevented goes no
// further: form.addEventListener("polar:success", (event) => event.preventDefault()).
"use strict";
(() => {
  if (window.polarDjangoEmbed) return;
  window.polarDjangoEmbed = true;

  const style = (element, rules) => Object.assign(element.style, rules);

  // The page of Polar may move between Polar's own hosts; any other page speaks for itself only.
  const isPolars = (origin) => /^https:\/\/([a-z0-9-]+\.)*polar\.sh$/.test(origin);

  class Overlay {
    constructor(form, url, theme) {
      this.form = form;
      this.before = document.activeElement;
      this.closable = true;
      this.url = url;
      this.origin = new URL(url).origin;
      this.shade = document.createElement("div");
      this.shade.setAttribute("role", "dialog");
      this.shade.setAttribute("aria-modal", "true");
      this.shade.setAttribute("aria-label", form.dataset.polarTitle || "Checkout");
      style(this.shade, {
        position: "fixed", inset: "0", zIndex: "2147483647", display: "grid",
        background: "rgba(0, 0, 0, .6)",
      });
      this.note = document.createElement("p");
      this.note.textContent = form.dataset.polarLoading || "…";
      this.note.setAttribute("role", "status");
      style(this.note, { gridArea: "1 / 1", placeSelf: "center", color: "#fff", font: "1rem system-ui" });
      this.frame = document.createElement("iframe");
      this.frame.title = form.dataset.polarTitle || "Checkout";
      this.frame.allow = "payment; publickey-credentials-get";
      style(this.frame, {
        gridArea: "1 / 1", width: "100%", height: "100%", border: "0",
        background: "transparent", colorScheme: "normal",
      });
      const address = new URL(url);
      address.searchParams.set("embed", "true");
      address.searchParams.set("embed_origin", window.location.origin);
      if (theme) address.searchParams.set("theme", theme);
      this.frame.src = address.href;
      this.close_button = document.createElement("button");
      this.close_button.type = "button";
      this.close_button.textContent = "×";
      this.close_button.setAttribute("aria-label", form.dataset.polarClose || "Close");
      style(this.close_button, {
        gridArea: "1 / 1", placeSelf: "start end", margin: ".5rem", width: "2.75rem", height: "2.75rem",
        border: "0", borderRadius: "50%", background: "rgba(0, 0, 0, .6)", color: "#fff",
        font: "1.5rem system-ui", cursor: "pointer", zIndex: "1",
      });
      this.close_button.addEventListener("click", () => this.happen({ event: "close" }));
      this.shade.append(this.note, this.frame, this.close_button);
      this.hear = (message) => {
        if (message.source !== this.frame.contentWindow) return;
        const { origin, data } = message;
        if (origin !== this.origin && !(isPolars(origin) && isPolars(this.origin))) return;
        if (data && data.type === "POLAR_CHECKOUT") this.happen(data);
      };
      this.press = (event) => {
        if (event.key === "Escape") this.happen({ event: "close" });
      };
    }

    open() {
      window.addEventListener("message", this.hear);
      document.addEventListener("keydown", this.press);
      this.overflow = document.documentElement.style.overflow;
      document.documentElement.style.overflow = "hidden";
      // What lies behind is out of reach for keyboards and screen readers too.
      this.behind = [...document.body.children].filter((each) => !each.inert);
      document.body.append(this.shade);
      for (const each of this.behind) each.inert = true;
      this.frame.focus();
      // A page that may not be framed says nothing: then there is still the way without a frame.
      this.patience = window.setTimeout(() => {
        const link = document.createElement("a");
        link.href = this.url;
        link.textContent = this.form.dataset.polarLink || this.url;
        style(link, { color: "#fff" });
        this.note.replaceChildren(link);
        style(this.note, { zIndex: "1" });
      }, 10000);
    }

    close() {
      window.clearTimeout(this.patience);
      window.removeEventListener("message", this.hear);
      document.removeEventListener("keydown", this.press);
      document.documentElement.style.overflow = this.overflow;
      for (const each of this.behind) each.inert = false;
      this.shade.remove();
      this.before?.focus?.();
    }

    // The page's listeners first: one that prevents the default keeps what follows from happening.
    happen(data) {
      const goes = this.form.dispatchEvent(
        new CustomEvent(`polar:${data.event}`, { bubbles: true, cancelable: true, detail: data }),
      );
      if (!goes) return;
      if (data.event === "loaded") {
        // From here the pay page has a way to close of its own.
        window.clearTimeout(this.patience);
        this.note.remove();
        this.close_button.remove();
      }
      if (data.event === "close" && this.closable) this.close();
      if (data.event === "confirmed") {
        // A payment is under way: closing now would only hide it.
        this.closable = false;
      }
      if (data.event === "success") {
        this.closable = true;
        if (data.redirect && /^https?:\/\//.test(data.successURL)) {
          window.location.assign(data.successURL);
        }
      }
    }
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches?.("form[data-polar-embed]") || form.dataset.polarBusy) return;
    event.preventDefault();
    form.dataset.polarBusy = "1";
    try {
      const answer = await fetch(form.getAttribute("action"), {
        method: "POST",
        body: new FormData(form),
        headers: { Accept: "application/json" },
        redirect: "error",
      });
      if (answer.status !== 201) throw new Error(`Status ${answer.status}`);
      const { url } = await answer.json();
      new Overlay(form, url, form.dataset.polarTheme).open();
    } catch {
      // A sign-in, a refusal with its words, a network that failed: the whole page shows it better.
      form.submit();
    } finally {
      delete form.dataset.polarBusy;
    }
  });
})();
