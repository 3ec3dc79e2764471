#include "sbert/report/page_style.h"

namespace sbert {

const std::string_view kPageStyle = R"css(
:root {
  color-scheme: light;
  --page: #faf9f7; --card: #ffffff; --ink: #1d1d1b; --muted: #5f5e5a; --line: #dddbd5; --grid: #ebe9e4;
  --good: #00694f; --bad: #a84300;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b8568f; --c4: #c98a00; --c5: #3fa3d8;
  --c6: #6a4fa3; --c7: #8d8c87;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --page: #161614; --card: #1f1f1d; --ink: #ecebe7; --muted: #a6a49d; --line: #3a3935; --grid: #2d2c29;
    --good: #45c69e; --bad: #f0935a;
    --c0: #58a9e8; --c1: #f0813a; --c2: #2fbf94; --c3: #dd8fbd; --c4: #e8b23c; --c5: #8fd0f5;
    --c6: #a690e0; --c7: #85847e;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main { max-width: 1180px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 8px; font-weight: 650; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 44px 0 10px; font-weight: 650; }
h3 { font-size: 15px; margin: 20px 0 8px; font-weight: 650; overflow-wrap: anywhere; }
section > p { margin: -6px 0 14px; color: var(--muted); max-width: 72ch; }
dl.facts { display: flex; flex-wrap: wrap; gap: 2px 22px; margin: 0; color: var(--muted); }
dl.facts div { display: flex; gap: 6px; min-width: 0; }
dl.facts dt::after { content: ":"; }
dl.facts dd { margin: 0; color: var(--ink); overflow-wrap: anywhere; min-width: 0; }
.headlines { display: flex; flex-wrap: wrap; gap: 12px; margin: 24px 0 0; padding: 0; list-style: none; }
.headlines li {
  background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 18px;
  flex: 1 1 200px; max-width: 380px; min-width: 0;
}
.headlines b { display: block; font-size: 28px; line-height: 1.2; font-weight: 650;
  font-variant-numeric: tabular-nums; }
/* The short form of a name is cut where there is no room; its whole is shown where the mouse rests. */
.name { display: inline-block; vertical-align: bottom; max-width: 100%; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
th .name { max-width: 26ch; }
.headlines span { display: block; overflow-wrap: anywhere; }
.headlines small { display: block; color: var(--muted); font-size: 13px; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; width: fit-content; max-width: 100%; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 14px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--grid); }
tr:last-child td { border-bottom: 0; }
th { color: var(--muted); font-weight: 550; font-size: 13px; border-bottom: 1px solid var(--line);
  vertical-align: bottom; }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
th button:hover, th button:focus-visible { color: var(--ink); text-decoration: underline; }
th[aria-sort="ascending"] button::after { content: " \2191"; }
th[aria-sort="descending"] button::after { content: " \2193"; }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: var(--card); }
td.text { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.main-metric { font-weight: 650; }
.better { color: var(--good); } .worse { color: var(--bad); } .same { color: var(--muted); }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); gap: 16px; }
.gallery.wide { grid-template-columns: repeat(auto-fill, minmax(min(100%, 460px), 1fr)); }
figure { margin: 0; padding: 12px 14px 10px; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; min-width: 0; display: flex; flex-direction: column; }
figcaption { font-weight: 600; font-size: 14px; margin-bottom: 4px; overflow-wrap: anywhere; }
svg.chart { width: 100%; height: auto; display: block; margin-top: auto; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: var(--muted);
  font-variant-numeric: tabular-nums; }
.grid { stroke: var(--grid); } .axis { stroke: var(--line); }
.line { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.dots { fill: none; stroke: var(--c); stroke-width: 3.4; stroke-linecap: round; stroke-opacity: .45; }
.area { fill: var(--c); fill-opacity: .22; stroke: var(--c); stroke-width: 1.6; stroke-linejoin: round; }
.points { fill: var(--c); fill-opacity: .8; }
.bar { fill: var(--c); }
.s0 { --c: var(--c0); } .s1 { --c: var(--c1); } .s2 { --c: var(--c2); } .s3 { --c: var(--c3); }
.s4 { --c: var(--c4); } .s5 { --c: var(--c5); } .s6 { --c: var(--c6); } .s7 { --c: var(--c7); }
.s1 .line { stroke-dasharray: 7 4; } .s2 .line { stroke-dasharray: 2 4; } .s3 .line { stroke-dasharray: 9 3 2 3; }
.s4 .line { stroke-dasharray: 12 4; } .s5 .line { stroke-dasharray: 4 2; } .s6 .line { stroke-dasharray: 1 3; }
.dense .line { stroke-width: 1.1; stroke-dasharray: none; stroke-opacity: .8; }
.s7 .points { fill-opacity: .35; }
.legend { display: flex; flex-wrap: wrap; gap: 0 14px; list-style: none; margin: 0 0 4px; padding: 0;
  font-size: 13px; color: var(--muted); }
.legend li { display: flex; align-items: center; gap: 6px; min-width: 0; max-width: 100%; }
.legend .name { max-width: 30ch; min-width: 0; }
.legend svg { flex: none; }
ol.worst { list-style: none; margin: 0; padding: 0; display: grid; gap: 12px;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); }
ol.worst > li { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px;
  min-width: 0; overflow-wrap: anywhere; font-size: 14px; }
ol.worst .query { display: flex; gap: 12px; justify-content: space-between; font-weight: 600; margin: 0 0 6px; }
ol.worst .query span:last-child { flex: none; font-variant-numeric: tabular-nums; color: var(--muted); font-weight: 500; }
ol.worst dl { margin: 0; }
ol.worst dt { color: var(--muted); font-size: 13px; margin-top: 4px; }
ol.worst dd { margin: 0; display: -webkit-box; -webkit-line-clamp: 4; -webkit-box-orient: vertical; overflow: hidden; }
ol.worst dd ol { margin: 0; padding-left: 22px; }
ol.worst dd.all { display: block; }
ol.worst dd.all li { display: list-item; }
ol.worst dd.all li > span { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; }
ul.warnings { margin: 0; padding-left: 20px; overflow-wrap: anywhere; }
details summary { cursor: pointer; color: var(--muted); margin-bottom: 8px; }
@media (max-width: 520px) {
  main { padding: 20px 12px 40px; }
  h1 { font-size: 22px; }
  th, td { padding: 6px 9px; }
  .gallery { gap: 12px; }
  figure { padding: 10px 8px 8px; }
}
@media print {
  body { background: #fff; font-size: 11pt; }
  main { max-width: none; padding: 0; }
  h2, h3 { break-after: avoid; }
  figure, tr, ol.worst > li, .headlines li { break-inside: avoid; }
  .scroll { overflow: visible; }
  .gallery { grid-template-columns: 1fr 1fr; }
}
)css";

const std::string_view kPageScript = R"js(
document.querySelectorAll("th button").forEach(function (button) {
  button.addEventListener("click", function () {
    var head = button.closest("th"), table = head.closest("table"), body = table.tBodies[0];
    var column = head.cellIndex, down = head.getAttribute("aria-sort") !== "descending";
    var key = function (row) {
      var cell = row.cells[column], value = cell.dataset.value;
      return value === undefined ? cell.textContent : Number(value);
    };
    var order = function (a, b) {
      var x = key(a), y = key(b);
      return typeof x === "number" ? (typeof y === "number" ? y - x : -1) : String(y).localeCompare(String(x));
    };
    Array.from(body.rows).sort(function (a, b) { return down ? order(a, b) : order(b, a); })
      .forEach(function (row) { body.append(row); });
    table.querySelectorAll("th").forEach(function (each) { each.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
  });
});
)js";

}  // namespace sbert
