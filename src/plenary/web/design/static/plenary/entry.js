// Keeps what is typed in a case as a draft, and shows at once what is asked now. The server decides both: without this script
// the page does the same at each "Save and continue".
const form = document.querySelector("form[data-keep]");

if (form) {
  const said = document.getElementById("kept");
  const soon = { change: 150, input: 1500 };
  const later = 5000;
  let timer = 0;
  let underway = null;
  let again = false;
  let leaving = false;

  const show = (answer) => {
    const shown = new Set(answer.shown);
    for (const part of form.querySelectorAll("[data-question]")) {
      const name = part.dataset.question;
      part.hidden = !shown.has(name);
      const note = part.querySelector("[data-note]");
      const words = answer.notes[name] || "";
      if (note.textContent !== words) note.textContent = words;
      note.hidden = !words;
      const worked = part.querySelector("[data-worked-out]");
      if (worked && name in answer.worked_out) worked.textContent = answer.worked_out[name] || "not known yet";
    }
    if (form.getAttribute("action") !== answer.address) {
      form.setAttribute("action", answer.address);
      history.replaceState(null, "", answer.address);
    }
    said.textContent = answer.saved;
  };

  const away = (why) => {
    said.textContent = `${why}: this is not kept yet. It is tried again by itself; do not close the page.`;
    if (!leaving) timer = setTimeout(keep, later);
  };

  const send = async () => {
    const data = new FormData(form);
    data.set("do", "draft");
    try {
      const response = await fetch(form.action, { method: "POST", body: data, redirect: "manual" });
      if (response.ok) show(await response.json());
      else if (response.type === "opaqueredirect" || response.status === 403) said.textContent = "You are signed out. Sign in again in another tab: what was kept before is among your unfinished cases.";
      else if (response.status === 409) said.textContent = (await response.json()).problem;
      else if (response.status === 503) away("The site is away for a moment");
      else said.textContent = "This was not kept. Press “Save and continue”.";
    } catch {
      away("There is no connection");
    }
  };

  const keep = async () => {
    clearTimeout(timer);
    if (underway) {
      again = true;
      return;
    }
    underway = send();
    await underway;
    underway = null;
    if (again && !leaving) {
      again = false;
      await keep();
    }
  };

  for (const [event, wait] of Object.entries(soon)) {
    form.addEventListener(event, () => {
      clearTimeout(timer);
      timer = setTimeout(keep, wait);
    });
  }

  // One answer at a time: a draft that is being kept is waited for, so that finishing it leaves none behind.
  form.addEventListener("submit", async (event) => {
    clearTimeout(timer);
    leaving = true;
    if (!underway) return;
    event.preventDefault();
    await underway;
    form.requestSubmit(event.submitter);
  });
}
