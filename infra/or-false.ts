/**
 * A schema of settings that `false` switches off. With a branch that a type alone decides, osls tells what is wrong within the settings;
 * else it would say no more than "unsupported object format".
 */
export const orFalse = <S extends object>(schema: S) => ({
  anyOf: [{ type: 'boolean' }, schema],
  not: { const: true },
})
