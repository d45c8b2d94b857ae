// For the shop's page: opens the sandbox's pay page in a frame above it. Polar's published script
// ignores messages that come from anywhere but Polar, so a sandbox needs one of its own.
//
//   <a href="<checkout url>" data-polar-checkout data-polar-checkout-theme="dark">Buy</a>
//   <script src="<sandbox>/_assets/embed.js" defer></script>
//
//   const checkout = await Polar.EmbedCheckout.create(url, { theme: "light", onLoaded });
//   checkout.addEventListener("success", (event) => event.preventDefault());  // do not navigate
(() => {
  "use strict";

  class EmbedCheckout extends EventTarget {
    constructor(frame, shade) {
      super();
      this.frame = frame;
      this.shade = shade;
      this.closable = true;
      this.before = document.activeElement;
      this.origin = new URL(frame.src).origin;
      this.listen = (event) => this.hear(event);
      window.addEventListener("message", this.listen);
      // The frame says so itself; this is for keys pressed while it has no focus.
      this.press = (event) => {
        if (event.key === "Escape") this.happen({ type: "POLAR_CHECKOUT", event: "close" });
      };
      document.addEventListener("keydown", this.press);
    }

    // Opens the pay page. Resolves when it has loaded.
    static create(url, { theme, onLoaded } = {}) {
      const address = new URL(url, document.baseURI);
      address.searchParams.set("embed", "true");
      address.searchParams.set("embed_origin", window.location.origin);
      if (theme) address.searchParams.set("theme", theme);

      const shade = document.createElement("div");
      shade.setAttribute("role", "dialog");
      shade.setAttribute("aria-modal", "true");
      shade.setAttribute("aria-label", "Checkout");
      shade.style.cssText =
        "position:fixed;inset:0;z-index:2147483647;background:rgba(0,0,0,.5);display:grid";
      const note = document.createElement("p");
      note.textContent = "Loading…";
      note.style.cssText = "grid-area:1/1;place-self:center;color:#fff;font:1rem system-ui";
      const frame = document.createElement("iframe");
      frame.title = "Checkout";
      frame.src = address.href;
      frame.style.cssText =
        "grid-area:1/1;width:100%;height:100%;border:0;background:transparent;color-scheme:normal";
      shade.append(note, frame);

      const checkout = new EmbedCheckout(frame, shade);
      return new Promise((resolve) => {
        checkout.addEventListener(
          "loaded",
          (event) => {
            note.remove();
            frame.focus();
            if (onLoaded) onLoaded(event);
            resolve(checkout);
          },
          { once: true },
        );
        document.body.append(shade);
        document.documentElement.style.overflow = "hidden";
      });
    }

    // Every element with data-polar-checkout opens its href in a frame.
    static init() {
      document.addEventListener("click", (event) => {
        const trigger = event.target.closest?.("[data-polar-checkout]");
        if (!trigger) return;
        const url = trigger.getAttribute("href") || trigger.dataset.polarCheckout;
        if (!url) return;
        event.preventDefault();
        const theme = trigger.dataset.polarCheckoutTheme;
        EmbedCheckout.create(url, { theme }).then((checkout) => {
          trigger.dispatchEvent(
            new CustomEvent("polar-checkout", { bubbles: true, detail: checkout }),
          );
        });
      });
    }

    close() {
      window.removeEventListener("message", this.listen);
      document.removeEventListener("keydown", this.press);
      this.shade.remove();
      document.documentElement.style.overflow = "";
      this.before?.focus?.();
    }

    hear({ data, origin, source }) {
      if (source !== this.frame.contentWindow || origin !== this.origin) return;
      if (data && data.type === "POLAR_CHECKOUT") this.happen(data);
    }

    // Listeners first; one that prevents the default keeps what follows from happening.
    happen(data) {
      const event = new CustomEvent(data.event, { detail: data, cancelable: true });
      this.dispatchEvent(event);
      if (event.defaultPrevented) return;
      if (data.event === "close" && this.closable) this.close();
      if (data.event === "confirmed") this.closable = false;
      if (data.event === "success") {
        this.closable = true;
        if (data.redirect) window.location.assign(data.successURL);
      }
    }
  }

  window.Polar = { ...window.Polar, EmbedCheckout };
  EmbedCheckout.init();
})();
