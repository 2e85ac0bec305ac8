// Elements are made by code and text is set as text: nothing that comes from data is ever parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

function filled(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, action] of Object.entries(value)) node.addEventListener(event, action);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function el(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

export function svg(tag, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children);
}

export const byId = (id) => document.getElementById(id);

/** Replace what is in `node`, but only when it changed: a screen reader speaks of real changes only. */
export function show(node, ...children) {
  const fresh = el("div", {}, ...children);
  const [before, after] = [[...node.childNodes], [...fresh.childNodes]];
  if (before.length === after.length && before.every((child, index) => child.isEqualNode(after[index]))) return false;
  node.replaceChildren(...after);
  return true;
}

export function options(select, items, chosen) {
  select.replaceChildren(...items.map((item) => item.items
    ? el("optgroup", { label: item.label }, item.items.map((one) => option(one, chosen)))
    : option(item, chosen)));
}

function option({ value, label }, chosen) {
  return el("option", { value, selected: String(value) === String(chosen ?? "") }, label);
}

/** Run `work` now and again `seconds` after each end, not while nobody looks. */
export function every(seconds, work) {
  let timer = 0;
  let stopped = false;
  const round = async () => {
    clearTimeout(timer);
    if (!document.hidden) await work();
    if (!stopped) timer = setTimeout(round, seconds * 1000);
  };
  const wake = () => { if (!document.hidden && !stopped) round(); };
  document.addEventListener("visibilitychange", wake);
  round();
  return () => { stopped = true; clearTimeout(timer); document.removeEventListener("visibilitychange", wake); };
}
