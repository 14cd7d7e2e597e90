// parse.mjs MODULES FILE...: parses every ```mermaid block of these Markdown files with Mermaid itself, and fails with
// file and line on each that it does not take. MODULES is a folder with the packages mermaid and jsdom.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, ...files] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), 'node_modules', 'here.js'));
const FENCE = /^\s*(`{3,}|~{3,})\s*(\S*)/;

/** The blocks of a file, each with its text and the line on which that begins. */
function blocks(file) {
  const found = [];
  let fence = null;
  readFileSync(file, 'utf8').split('\n').forEach((text, index) => {
    const [, marks, language] = text.match(FENCE) ?? [];
    if (fence === null) {
      if (marks) fence = { marks, block: language === 'mermaid' ? { file, line: index + 2, lines: [] } : null };
    } else if (marks?.startsWith(fence.marks) && !language) {
      if (fence.block) found.push(fence.block);
      fence = null;
    } else {
      fence.block?.lines.push(text);
    }
  });
  if (fence?.block) throw new Error(`${file}:${fence.block.line - 1}: the block does not end`);
  return found;
}

// Mermaid asks for a page, even to parse.
const { JSDOM } = require('jsdom');
const { window } = new JSDOM('<!doctype html><body></body>');
Object.assign(globalThis, { window, document: window.document, DOMParser: window.DOMParser });
const { default: mermaid } = await import(pathToFileURL(join(resolve(modules), 'node_modules/mermaid/dist/mermaid.core.mjs')));
mermaid.initialize({ startOnLoad: false, suppressErrorRendering: true });

const kinds = new Map();
let failures = 0;
const there = files.filter((file) => existsSync(file)); // git still names one that was just removed
for (const block of there.flatMap(blocks)) {
  try {
    const { diagramType } = await mermaid.parse(block.lines.join('\n'));
    kinds.set(diagramType, (kinds.get(diagramType) ?? 0) + 1);
  } catch (problem) {
    failures += 1;
    const told = String(problem.message ?? problem);
    const line = Number(told.match(/on line (\d+)/)?.[1] ?? problem.hash?.loc?.first_line ?? 1);
    console.log(`${block.file}:${block.line + line - 1}: ${told}`);
  }
}
const parsed = [...kinds.values()].reduce((sum, count) => sum + count, 0);
const each = [...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ');
console.log(`${parsed} diagrams parsed (${each || 'none'}), ${failures} failed, ${there.length} files read`);
process.exit(failures > 0 || parsed === 0 ? 1 : 0);
