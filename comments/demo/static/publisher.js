// The publisher's own behaviour: larger text, and a live page that goes on as one scrolls.
"use strict";

const larger = document.querySelector("[data-larger]");
if (larger) {
  larger.hidden = false;
  larger.addEventListener("click", () => {
    const pressed = document.documentElement.classList.toggle("larger");
    larger.setAttribute("aria-pressed", String(pressed));
  });
}

const later = document.querySelector("template[data-later]");
if (later) {
  const end = document.querySelector(".related");
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      later.replaceWith(later.content);
    },
    { rootMargin: "0px 0px 160px 0px" },
  );
  observer.observe(end);
}
