import suite from './suite.mjs';

suite('./fixed.node');
