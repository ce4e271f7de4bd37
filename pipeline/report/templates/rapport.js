"use strict";
(() => {
  const settings = JSON.parse(document.getElementById("settings").textContent);
  const words = settings.words;
  const byId = (id) => document.getElementById(id);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  const whole = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, settings.thousands);
  const several = (key, n) => fill(words[key + (n === 1 ? "_one" : "_many")], { number: whole(n) });
  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  // --- one municipality or all of them
  const show = (place) => {
    document.body.dataset.view = place;
    for (const view of document.querySelectorAll(".view:not(.always)")) view.hidden = view.dataset.view !== place;
  };
  for (const input of document.querySelectorAll("[name=view]")) {
    input.addEventListener("change", () => show(input.value));
  }

  // --- light or dark
  byId("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  // --- the contents stay folded on a phone
  if (matchMedia("(max-width: 60rem)").matches) document.querySelector("nav details").open = false;

  // --- the answers behind a percentage
  const payloads = new Map();
  for (const script of document.querySelectorAll("script.payload")) {
    payloads.set(script.dataset.question, () => JSON.parse(script.textContent));
  }
  const loaded = new Map();
  window.duidingAnswers = (question, payload) => loaded.set(question, payload);
  const load = (question) => new Promise((resolve) => {
    if (!loaded.has(question) && payloads.has(question)) loaded.set(question, payloads.get(question)());
    if (loaded.has(question) || !settings.beside) return resolve(loaded.get(question));
    const script = document.createElement("script");
    script.src = `${settings.beside}/${encodeURIComponent(question)}.js`;
    script.onload = () => resolve(loaded.get(question));
    script.onerror = () => resolve(undefined);
    document.head.append(script);
  });

  const PAGE = 40;
  const LONG = 700;
  const dialog = byId("answers");
  const list = byId("answers-list");
  let found = [];
  let payload = null;
  let code = "";
  let at = 0;

  const answerItem = ([id, text, codes, , group]) => {
    const item = element("li");
    const words_ = element("p", "answer", text.length > LONG ? text.slice(0, LONG) + " …" : text);
    words_.dir = "auto";
    item.append(words_);
    if (text.length > LONG) {
      const whole_ = element("button", "whole", words.dialog_shortened);
      whole_.type = "button";
      whole_.addEventListener("click", () => { words_.textContent = text; whole_.remove(); });
      item.append(whole_);
    }
    const chips = element("ul", "codes");
    for (const [one] of codes) chips.append(element("li", one === code ? "this" : "", payload.codes[one]));
    item.append(chips);
    const who = codes.find(([one]) => one === code)[1];
    const place = group >= 0 ? ` · ${settings.groups[group]}` : "";
    item.append(element("p", "who", `${words.answer_number} ${id}${place} · ${payload.coders[who]}`));
    return item;
  };
  const more = () => {
    list.append(...found.slice(at, at + PAGE).map(answerItem));
    at += PAGE;
    byId("answers-more").hidden = at >= found.length;
  };
  const fillList = (answers) => {
    found = answers;
    at = 0;
    list.replaceChildren();
    if (!answers.length) list.append(element("li", "none", words.dialog_none));
    more();
  };
  const open = async (button) => {
    const { q: question, g: group, c } = button.dataset;
    code = c;
    const label = button.closest("tr").querySelector("th").textContent;
    const percentage = button.firstChild.textContent;
    byId("answers-search").value = "";
    payload = await load(question);
    if (!payload) {
      byId("answers-title").textContent = label;
      byId("answers-sub").textContent = "";
      byId("answers-versions").textContent = "";
      byId("answers-note").textContent = fill(words.dialog_missing, { folder: settings.beside });
      found = [];
      list.replaceChildren();
      byId("answers-more").hidden = true;
      dialog.showModal();
      return;
    }
    const everyone = group === settings.total;
    const place = settings.groups.indexOf(group);
    const answers = payload.answers.filter(([, , codes, , of]) =>
      (everyone || of === place) && codes.some(([one]) => one === code));
    answers.sort((left, right) => right[3] - left[3]);
    const reviewed = answers.filter((one) => one[3]).length;
    byId("answers-title").textContent = payload.codes[code];
    byId("answers-sub").textContent = `${group} · ${percentage}`;
    const note = [several("dialog_count", answers.length)
      + (reviewed ? `, ${several("dialog_reviewed", reviewed)}` : "") + "."];
    if (reviewed && payload.estimated) note.push(words.dialog_estimate);
    if (!everyone) note.push(words.dialog_withheld);
    const versions = [payload.model && `${words.model}: ${payload.model}`, `${words.codebook}: ${payload.codebook}`];
    byId("answers-note").textContent = note.join(" ");
    byId("answers-versions").textContent = versions.filter(Boolean).join(" · ");
    fillList(answers);
    byId("answers-search").oninput = (event) => {
      const wanted = event.target.value.toLowerCase();
      fillList(answers.filter(([id, text]) => text.toLowerCase().includes(wanted) || String(id) === wanted));
    };
    dialog.showModal();
    dialog.scrollTop = 0;
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.open");
    if (button) open(button);
  });
  byId("answers-more").addEventListener("click", more);
  byId("answers-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
})();
