// One key for each decision: C, D and U press their buttons, S and N go to their fields, J goes to the next case.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input, select, textarea")) return;
  const found = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!found || found.disabled) return;
  event.preventDefault();
  found.focus();
  if (found.matches("button, a")) found.click();
});
