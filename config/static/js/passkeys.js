// Says in words what went wrong with a passkey: most often the reader has closed the browser's window.
document.addEventListener("allauth.error", (event) => {
  const place = document.getElementById("passkey-trouble");
  if (!place) return;
  event.preventDefault();
  const refused = event.detail.exception?.name === "NotAllowedError";
  place.textContent = refused
    ? "No passkey was used. Try once more, or sign in with a code."
    : "This browser could not use a passkey here. A code by e-mail works everywhere.";
  place.hidden = false;
});
