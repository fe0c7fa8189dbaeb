import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Assignment, assignSticky } from '../../services/shared/log/assign-sticky.ts';

interface Member {
  readonly name: string;
  readonly topics: readonly string[];
}

const partitions = ['a', 'b'].flatMap((topic) =>
  Array.from({ length: 5 }, (_, partition) => ({ topic, partition })),
);
const countOf = (assignment: Assignment<Member>): number[] =>
  [...assignment.values()].map((own) => own.length);
const moved = (before: Assignment<Member>, after: Assignment<Member>): number =>
  [...after].flatMap(([member, own]) => own.filter((at) => !(before.get(member) ?? []).includes(at))).length;

test('every partition has one owner, loads differ by one at most, whoever comes and goes', () => {
  const steps = fc.array(fc.record({ joins: fc.boolean(), which: fc.nat(9) }), { maxLength: 15 });
  fc.assert(
    fc.property(steps, (changes) => {
      let members: Member[] = [{ name: 'first', topics: ['a', 'b'] }];
      let assignment = assignSticky(partitions, members, new Map());
      for (const { joins, which } of changes) {
        if (joins || members.length === 1)
          members = [...members, { name: String(which), topics: ['a', 'b'] }];
        else members = members.filter((_, n) => n !== which % members.length);
        assignment = assignSticky(partitions, members, assignment);
        const owned = [...assignment.values()].flat().map(({ topic, partition }) => `${topic}${partition}`);
        expect(owned.sort()).toEqual(partitions.map(({ topic, partition }) => `${topic}${partition}`));
        expect(Math.max(...countOf(assignment)) - Math.min(...countOf(assignment))).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 200 },
  );
});

test('only what must move moves', () => {
  const [one, two, three]: [Member, Member, Member] = [
    { name: '1', topics: ['a', 'b'] },
    { name: '2', topics: ['a', 'b'] },
    { name: '3', topics: ['a', 'b'] },
  ];
  const alone = assignSticky(partitions, [one], new Map());
  const pair = assignSticky(partitions, [one, two], alone);
  const trio = assignSticky(partitions, [one, two, three], pair);
  const left = assignSticky(partitions, [one, three], trio);
  expect([moved(alone, pair), moved(pair, trio), moved(trio, left)]).toEqual([5, 3, trio.get(two)!.length]);
  expect(moved(left, assignSticky(partitions, [one, three], left))).toBe(0);
});

test('a member gets only topics that it asked for', () => {
  const members: Member[] = [
    { name: 'a', topics: ['a'] },
    { name: 'b', topics: ['b'] },
    { name: 'both', topics: ['a', 'b'] },
  ];
  const assignment = assignSticky(partitions, members, new Map());
  for (const [{ topics }, own] of assignment)
    expect(own.filter(({ topic }) => !topics.includes(topic))).toEqual([]);
  expect(countOf(assignment).reduce((sum, count) => sum + count)).toBe(10);
  const onlyA = assignSticky(partitions, [members[0]!], assignment);
  expect(countOf(onlyA)).toEqual([5]);
});
