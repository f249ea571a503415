import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flatParameters, parameterTree } from '../../src/query/parameters.ts';
import {
  boolean,
  integer,
  list,
  memberList,
  oneOf,
  readFields,
  required,
  string,
  structure,
  timestamp,
} from '../../src/query/shape.ts';

const tree = (query: string) => parameterTree(new URLSearchParams(query));

describe('parameterTree', () => {
  it('gives back every parameter under its name', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9-]{1,8}(\.[A-Za-z0-9]{1,4}){0,3}$/);
    fc.assert(
      fc.property(fc.dictionary(name, fc.string()), (given) => {
        const flat = Object.fromEntries(flatParameters(parameterTree(Object.entries(given))));
        expect(flat).toEqual(Object.fromEntries(Object.entries(given)));
      }),
    );
  });

  it('takes names that objects have of their own for names', () => {
    const parameters = tree('__proto__.1=x&constructor=y');
    expect([...flatParameters(parameters)]).toEqual([
      ['__proto__.1', 'x'],
      ['constructor', 'y'],
    ]);
    expect(() => readFields({ ok: string }, parameters)).toThrow(/__proto__ is not recognized/);
  });
});

describe('shapes', () => {
  const fields = {
    Name: required(string),
    Count: integer,
    Flag: boolean,
    When: timestamp,
    Mode: oneOf('uefi', 'legacy-bios'),
    Filter: list(structure({ Name: required(string), Value: list(string) })),
    Names: memberList(string),
  };

  it('reads nested and listed parameters', () => {
    const query =
      'Name=x&Count=5&Flag=TRUE&When=2026-01-02T03:04:05Z&Mode=uefi' +
      '&Filter.1.Name=a&Filter.1.Value.1=p&Filter.1.Value.2=q&Filter.2.Name=b&Names.member.1=m';
    expect(readFields(fields, tree(query))).toEqual({
      Name: 'x',
      Count: 5,
      Flag: true,
      When: new Date('2026-01-02T03:04:05Z'),
      Mode: 'uefi',
      Filter: [
        { Name: 'a', Value: ['p', 'q'] },
        { Name: 'b', Value: [] },
      ],
      Names: ['m'],
    });
  });

  it('goes by the numbers of a list, not by the order they came in', () => {
    const read = readFields({ A: list(string) }, tree('A.10=c&A.2=b&A.1=a'));
    expect(read.A).toEqual(['a', 'b', 'c']);
  });

  it('reads an empty parameter as empty text', () => {
    expect(readFields({ Name: required(string) }, tree('Name=')).Name).toBe('');
  });

  it.each([
    ['', 'MissingParameter', 'The request must contain the parameter Name'],
    ['Name=x&Other=1', 'UnknownParameter', 'The parameter Other is not recognized'],
    ['Name.1=x', 'UnknownParameter', 'The parameter Name.1 is not recognized'],
    ['Name=x&Filter.1.Nam=a', 'UnknownParameter', 'The parameter Filter.1.Nam is not recognized'],
    ['Name=x&Filter.one.Name=a', 'UnknownParameter', 'The parameter Filter.one is not recognized'],
    ['Name=x&Filter.1.Value.1=a', 'MissingParameter', 'must contain the parameter Filter.1.Name'],
    ['Name=x&Names.1=a', 'UnknownParameter', 'The parameter Names.1 is not recognized'],
    ['Name=x&Count=1.5', 'InvalidParameterValue', "Invalid value '1.5' for Count"],
    ['Name=x&Count=', 'InvalidParameterValue', 'for Count'],
    ['Name=x&Flag=yes', 'InvalidParameterValue', "Invalid value 'yes' for Flag"],
    ['Name=x&When=soon', 'InvalidParameterValue', "Invalid value 'soon' for When"],
    ['Name=x&Mode=bios', 'InvalidParameterValue', "Invalid value 'bios' for Mode"],
  ])('refuses %s', (query, code, message) => {
    expect(() => readFields(fields, tree(query))).toThrow(
      expect.objectContaining({ code, status: 400, message: expect.stringContaining(message) }),
    );
  });
});
