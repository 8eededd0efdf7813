// Assertions that fail as "falsy value" and say nothing of the numbers.
import ts from 'typescript';

const comparisons = new Set(
  ['LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals']
    .concat(['EqualsEquals', 'EqualsEqualsEquals', 'ExclamationEquals', 'ExclamationEqualsEquals'])
    .map((name) => ts.SyntaxKind[`${name}Token`]),
);
const joins = new Set([ts.SyntaxKind.AmpersandAmpersandToken, ts.SyntaxKind.BarBarToken]);

/** The comparisons of a condition, through `&&`, `||`, `!` and brackets. */
function compared(node) {
  if (ts.isParenthesizedExpression(node)) return compared(node.expression);
  if (ts.isPrefixUnaryExpression(node)) return compared(node.operand);
  if (!ts.isBinaryExpression(node)) return [];
  if (joins.has(node.operatorToken.kind)) return [...compared(node.left), ...compared(node.right)];
  return comparisons.has(node.operatorToken.kind) ? [node] : [];
}

const isDistance = ({ left }) =>
  /^Math\.abs\(.* [-+] /.test(left.getText()) || left.getText().startsWith('relativeError(');

/** Calls of assert.ok in a source that compare and have no message, or that are assertClose by hand. */
export function bareComparisons(source) {
  const found = [];
  const visit = (node) => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'assert.ok') {
      const pairs = compared(node.arguments[0]);
      const bare = node.arguments.length === 1 && pairs.length > 0;
      if (bare || pairs.some((pair) => isDistance(pair) && pair.operatorToken.getText().startsWith('<')))
        found.push(node.getText().replace(/\s+/g, ' '));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('test.ts', source, ts.ScriptTarget.Latest, true));
  return found;
}
