// Runs before the first paint: a stored choice must not flash the other theme.
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch { /* storage refused: the system's choice stands */ }
})();
