import assert from 'node:assert';
import { createRequire } from 'node:module';
import test from 'node:test';

const RUNS = 60;

// Each test is run again and again, each run between marks.
export default function suite(file) {
	const addon = createRequire(import.meta.url)(file);

	function leaktest(name, run) {
		test(name, () => {
			for (let i = 0; i < RUNS; i++) {
				addon.begin(name);
				run();
				addon.end();
			}
		});
	}

	leaktest('parse', () => {
		assert.equal(addon.parse('port=80'), true);
		assert.equal(addon.parse('# a comment'), false);
	});
	leaktest('openLog', () => addon.openLog());
	leaktest('nothing', () => assert.equal(addon.parse('user=www'), true));
}
