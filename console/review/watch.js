// Runs in every frame of the operator's window. Tells the console what a person sees there: visible text, links and
// labels, no scripts, comments or hidden elements. It changes nothing in the page.
(() => {
  const MOST = 1000000, SOON_MS = 40, QUIET_MS = 1000;
  const SILENT = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE", "HEAD", "IFRAME", "OBJECT", "CANVAS"]);
  const KEPT = ["href", "title", "alt", "aria-label"];
  let last = "", planned = 0, cost = 0, touched = false;
  const observer = new MutationObserver(() => plan());
  const everything = { subtree: true, childList: true, characterData: true, attributes: true };

  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");

  function write(node, out) {
    if (out.length > MOST / 4) return;
    if (node.nodeType === Node.TEXT_NODE) {
      if (node.data.trim()) out.push(escaped(node.data));
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || SILENT.has(node.tagName.toUpperCase())) return;
    const style = getComputedStyle(node);
    if (style.display === "none") return;
    const seen = style.display === "contents" ||
      node.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true, opacityProperty: true, visibilityProperty: true });
    const tag = node.tagName.toLowerCase();
    out.push("<", tag);
    if (seen) {
      for (const name of KEPT) if (node.hasAttribute(name)) out.push(" ", name, '="', escaped(node.getAttribute(name)), '"');
      if (style.direction === "rtl" && style.unicodeBidi.includes("override")) {
        out.push(' style="unicode-bidi:bidi-override;direction:rtl"');
      }
    }
    out.push(">");
    if (seen && (tag === "input" || tag === "textarea")) {
      // What the person types there is theirs; what they can't change is the page's.
      if ((node.readOnly || node.disabled) && node.type !== "hidden") out.push(escaped(node.value || ""));
    } else {
      if (node.shadowRoot) {
        observer.observe(node.shadowRoot, everything);
        for (const child of node.shadowRoot.childNodes) if (seen || child.nodeType === Node.ELEMENT_NODE) write(child, out);
      }
      for (const child of node.childNodes) if (seen || child.nodeType === Node.ELEMENT_NODE) write(child, out);
    }
    out.push("</", tag, ">");
  }

  function look() {
    planned = 0;
    if (!document.body) return;
    const began = performance.now();
    const out = ["<title>", escaped(document.title || ""), "</title>"];
    write(document.body, out);
    const html = out.join("").slice(0, MOST);
    cost = performance.now() - began;
    if (html === last) return;
    last = html;
    tell({ html });
  }

  function tell(what) {
    window.leadgenSees({ ...what, url: location.href, title: document.title || "", touched }).catch(() => {});
  }

  function plan() {
    // A page that never stands still is looked at for at most a fifth of its time.
    if (!planned) planned = setTimeout(look, Math.max(SOON_MS, 4 * cost));
  }

  function touch(event) {
    if (!event.isTrusted || touched) return;
    touched = true;
    tell({});
  }

  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, touch, { capture: true, passive: true });
  for (const kind of ["load", "transitionend", "animationend", "toggle", "hashchange", "pageshow"]) {
    addEventListener(kind, plan, { capture: true, passive: true });
  }
  addEventListener("copy", () => {
    const text = String(getSelection() || "").slice(0, 2000);
    if (text.trim()) tell({ copied: text });
  }, { capture: true });
  addEventListener("click", () => {
    if (!globalThis.leadgenReadsClipboard) return;
    setTimeout(() => navigator.clipboard?.readText().then((text) => tell({ clipboard: text.slice(0, 2000) }), () => {}), 60);
  }, { capture: true });
  observer.observe(document, everything);
  document.addEventListener("DOMContentLoaded", look);
  if (document.readyState !== "loading") look();
  // What style sheets reveal by themselves changes no node.
  setInterval(() => document.hidden || plan(), QUIET_MS);
})();
