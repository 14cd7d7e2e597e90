/**
 * Packages that only checks need. They stand in the folder that MODULES names, not beside these files, because nobody
 * needs npm to change the page.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const require = createRequire(join(resolve(process.env.MODULES ?? 'node_modules'), 'here.js'));

/** Drives the browser. */
export const { chromium } = require('playwright-core');

/** The script of axe, which looks for barriers in a page that is open. */
export const readAxe = () => readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
