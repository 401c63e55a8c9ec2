// What a page does: its contents fold away on a phone, and "/" goes to the search.
"use strict";
{
  const contents = document.getElementById("contents");
  const wide = matchMedia("(min-width: 60rem)");
  const fold = () => (contents.open = wide.matches);
  fold();
  wide.addEventListener("change", fold);
  contents.addEventListener("click", (event) => {
    if (!wide.matches && event.target.closest("a")) contents.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      document.getElementById("words").select();
    } else if (event.key === "Escape" && !wide.matches && contents.open) {
      contents.open = false;
      contents.querySelector("summary").focus();
    }
  });

  // A long list of contents begins near this page. What is wider than its box can be scrolled with
  // the keyboard, too.
  document.addEventListener("DOMContentLoaded", () => {
    const current = contents.querySelector("[aria-current]");
    const header = document.querySelector("header");
    if (wide.matches && current) header.scrollTop = current.offsetTop - header.clientHeight / 4;
    for (const box of document.querySelectorAll("main pre, .scroll, .output, .formula")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    }
  });
}
