import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { publicNames } from './docs.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-docs-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The names found without a docstring, as `file:line name`. */
function missing(files: Readonly<Record<string, string>>): string[] {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return publicNames(join(folder, 'index.d.ts'))
    .filter(({ documented }) => !documented)
    .map(({ file, line, name }) => `${file.slice(folder.length + 1)}:${line} ${name}`)
}

describe('the documentation check', () => {
  it('finds each kind of declaration that has no docstring, and only those', () => {
    const text = `/** About the module. @module */
export interface A<T extends { a: 1 } = { a: 1 }> {
    /** Of the member, not of what follows. */
    readonly b: string;
}
export type B = {
    readonly c: ';' | '}' | \`x\${string}\`;
};
/** Said. */
export declare class C extends Map<string, { d: 1 }> {
    #private;
}
export declare const d: () => Map<string, number>, e: { f: number };
/* not a docstring */
export declare function g(h: { i: string }): void;
/** */
export declare abstract class J {
}
declare const hidden: number;
// the end
/** Said. */
export default class K {
}
export {};
`
    expect(missing({ 'index.d.ts': text })).toEqual([
      'index.d.ts:2 A',
      'index.d.ts:6 B',
      'index.d.ts:13 d',
      'index.d.ts:13 e',
      'index.d.ts:15 g',
      'index.d.ts:17 J',
    ])
  })

  it('follows what is exported to where it is declared', () => {
    expect(
      missing({
        'index.d.ts': `import { far as near, type Kept } from './b.js';
export { a as renamed, type T } from './a.js';
export * from './b.js';
export * as space from './a.js';
export { near, Kept, local };
declare const local: number;
export { external } from 'some-package';
`,
        'a.d.ts': 'export declare const a: 1;\n/** Said. */\nexport type T = 1;\n',
        'b.d.ts': `export * from './index.js';
export declare const far: 1;
/** Said. */
export type Kept = 1;
declare const _default: 1;
export default _default;
`,
      }),
    ).toEqual(['a.d.ts:1 renamed', 'b.d.ts:2 far', 'index.d.ts:4 space', 'b.d.ts:2 near', 'index.d.ts:6 local'])
  })

  it('takes a docstring on one of several overloads for all of them', () => {
    const text = '/** Said. */\nexport declare function f(): 1;\nexport declare function f(a: 1): 2;\n'
    expect(missing({ 'index.d.ts': text })).toEqual([])
  })

  it('reports an export that it cannot find instead of passing over it', () => {
    expect(missing({ 'index.d.ts': "export { gone } from './a.js';\n", 'a.d.ts': 'export {};\n' })).toEqual([
      'index.d.ts:1 gone',
    ])
  })

  it('says what to do when the project is not built', () => {
    expect(() => publicNames(join(folder, 'absent.d.ts'))).toThrow('npm run build')
  })
})
