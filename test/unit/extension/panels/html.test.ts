import assert from 'node:assert/strict';
import { test } from 'node:test';
import { panelHtml } from '../../../../src/extension/panels/html.ts';

const page = {
  title: 'Metrics',
  nonce: 'abc',
  cspSource: 'https://*.vscode-cdn.net',
  script: 'https://x/metrics.js',
  style: 'https://x/metrics.css',
};

test('nothing is allowed but our script, styles, fonts and images made of bytes', () => {
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(panelHtml(page))?.[1] ?? '';
  const rules = new Map(policy.split('; ').map((rule) => [rule.split(' ')[0], rule]));
  assert.equal(rules.get('default-src'), `default-src 'none'`);
  assert.equal(rules.get('script-src'), `script-src 'nonce-abc'`);
  assert.doesNotMatch(policy, /unsafe-eval|connect-src|https:(?!\/\/\*\.vscode-cdn)/);
});

test('the one script carries the nonce', () => {
  const html = panelHtml(page);
  assert.equal(html.match(/<script/g)?.length, 1);
  assert.match(html, /<script nonce="abc" src="https:\/\/x\/metrics\.js"><\/script>/);
});

test('text cannot leave its place', () => {
  assert.doesNotMatch(panelHtml({ ...page, title: '<script>"x' }), /<script>"x/);
});
