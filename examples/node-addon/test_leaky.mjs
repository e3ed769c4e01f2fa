import suite from './suite.mjs';

suite('./leaky.node');
