// Filters the cases by what is typed; a link to a case opens what holds it.
const box = document.querySelector("input");
const groups = [...document.querySelectorAll("details.group")];
box.addEventListener("input", () => {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of groups) {
    let left = 0;
    for (const one of group.querySelectorAll(".case")) {
      const fits = words.every((word) => one.textContent.toLowerCase().includes(word));
      one.hidden = !fits;
      left += fits ? 1 : 0;
    }
    group.hidden = left === 0;
    if (words.length) group.open = left > 0 && left <= 40;
  }
});
function reveal() {
  const one = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const group = one && one.closest("details.group");
  if (group) { group.open = true; one.scrollIntoView(); }
}
addEventListener("hashchange", reveal);
reveal();
