"use strict";
// A click on a word or on the strip plays the recording from there; what is being said is marked.
const sound = document.querySelector("audio");
const words = [...document.querySelectorAll("[data-ms]")];
const head = document.querySelector("#head");
const strip = document.querySelector("#strip");

function play(ms) {
  if (!sound) { return; }
  sound.currentTime = ms / 1000;
  sound.play().catch(() => {});
}

function mark() {
  const now = sound.currentTime * 1000;
  for (const word of words) {
    word.classList.toggle("now", Number(word.dataset.ms) <= now && now < Number(word.dataset.end));
  }
  const seconds = Number(strip?.dataset.length) / 1000;
  if (head && seconds) { head.setAttribute("x", Math.min(1, sound.currentTime / seconds) * 1000); }
}

function fromAddress() {
  const found = /^#ms=([0-9]+)$/.exec(location.hash);
  if (found) { play(Number(found[1])); }
}

document.addEventListener("click", (event) => {
  const word = event.target.closest("[data-ms]");
  if (word) {
    event.preventDefault();
    history.replaceState(null, "", "#ms=" + word.dataset.ms);
    play(Number(word.dataset.ms));
  }
});
addEventListener("hashchange", fromAddress);
if (sound) {
  document.documentElement.classList.add("plays");
  sound.addEventListener("timeupdate", mark);
  sound.addEventListener("seeked", mark);
  sound.addEventListener("loadedmetadata", fromAddress, { once: true });
}
