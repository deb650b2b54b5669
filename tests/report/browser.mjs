// Opens a page in Chromium and prints what is to be seen as JSON: node browser.mjs PAGE MODULES CHROMIUM [PICTURES]
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [, , file, modules, executablePath, pictures] = process.argv;
const require = createRequire(`${modules}/`);
const { chromium } = require("playwright-core");
const axe = require("axe-core").source;
const url = pathToFileURL(file).href;
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const seen = { looks: [] };

const text = (page, id) => page.locator(`#${id}`).textContent();
const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const colours = (page, id) => page.evaluate((id) => {
  const canvas = document.getElementById(id);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const all = new Set();
  for (let at = 0; at < data.length; at += 4) all.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
  return all.size;
}, id);
const open = async (options) => {
  const page = await browser.newPage(options);
  page.said = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) page.said.push(message.text()); });
  page.on("pageerror", (error) => page.said.push(String(error)));
  page.on("dialog", (dialog) => { page.said.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => { if (request.url().split("#")[0] !== url) page.said.push(`request: ${request.url()}`); });
  await page.goto(url);
  return page;
};

for (const width of [390, 1400]) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open({ viewport: { width, height: 900 }, colorScheme });
    await page.waitForFunction(() => performance.getEntriesByName("elbtail-drawn").length > 0);
    const look = { width, colorScheme, title: await page.title() };
    look.drawn = await page.evaluate(() => performance.getEntriesByName("elbtail-drawn")[0].startTime);
    look.overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    look.background = await background(page);
    look.colours = await colours(page, "rows-canvas");
    look.rows = await text(page, "rows-count");
    for (const details of await page.locator("details").all()) await details.evaluate((it) => { it.open = true; });
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    look.faults = found.violations.map((it) => `${it.impact} ${it.id}: ${it.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ")}`);
    if (pictures) await page.screenshot({ path: `${pictures}-${width}-${colorScheme}.png` });
    look.said = page.said;
    seen.looks.push(look);
    await page.close();
  }
}

// What the filter and the links do.
{
  const page = await open({ viewport: { width: 1400, height: 900 } });
  const filter = {};
  const rows = async () => (await text(page, "rows-count")).trim();
  const type = async (word) => {
    await page.fill("#f-text", word);
    await page.waitForFunction((word) => document.getElementById("rows").dataset.found === word, word);
    return rows();
  };
  filter.shard = await page.locator("#f-shard option").allTextContents();
  filter.whole = await rows();
  filter.typed = await type("s01-000");
  filter.batches = await page.locator("#batch-table tbody tr").count();
  filter.nothing = await type("there is no such pod");
  await page.click("#f-clear");
  filter.cleared = await rows();
  await page.selectOption("#f-shard", { index: 1 });
  filter.ofShard = await rows();
  filter.kinds = await page.locator("#errors .kind:visible").count();
  await page.click("#f-clear");
  await page.click("#batch-table thead th:nth-child(8) button");
  filter.sorted = await page.locator("#batch-table thead th:nth-child(8)").getAttribute("aria-sort");
  const link = page.locator("#errors a[data-c]").first();
  if (await link.count()) {
    filter.link = (await link.textContent()).trim();
    await link.click();
    filter.detail = await text(page, "detail");
    filter.chosen = new URL(page.url()).hash;
  }
  await page.focus("#rows");
  for (const key of ["ArrowDown", "ArrowDown", "+", "ArrowRight", "0", "Enter"]) await page.keyboard.press(key);
  filter.byKeys = await page.locator("#detail h3").textContent();
  filter.before = await background(page);
  await page.click("#theme");
  await page.click("#theme");
  filter.after = await background(page);
  await page.emulateMedia({ media: "print" });
  filter.printed = { filters: await page.locator(".filters").isVisible(), main: await page.locator("main").isVisible(), background: await background(page) };
  filter.pdf = (await page.pdf()).length;
  filter.said = page.said;
  seen.filter = filter;
  await page.close();
}

// Without a script.
{
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  await page.goto(url);
  seen.unscripted = { text: await page.innerText("main"), theme: await page.locator("#theme").isVisible(), filters: await page.locator(".filters").isVisible() };
}
await browser.close();
console.log(JSON.stringify(seen));
