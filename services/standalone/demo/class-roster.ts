export interface DemoStudent {
  /** The key of the student's events and states. */
  readonly id: string;
  readonly name: string;
  /** What the student's client locks as `user_id`. */
  readonly userId: string;
}

export interface DemoClass {
  readonly id: string;
  readonly name: string;
  readonly students: readonly DemoStudent[];
}

const NAMES = [
  'Ada Okafor',
  'Benjamin Reyes',
  'Chiara Rossi',
  'Daniel Novak',
  'Elif Yilmaz',
  'Finn Larsen',
  'Grace Nakamura',
  'Hassan Ali',
  'Ines Moreau',
  'Jamal Carter',
  'Katya Ivanova',
  'Liam Murphy',
  'Mei Chen',
  'Noah Fischer',
  'Olivia Santos',
  'Priya Sharma',
  'Quentin Dubois',
  'Rosa Jimenez',
  'Samuel Mensah',
  'Tara Singh',
  'Umar Farouk',
  'Valentina Cruz',
  'Wanjiru Kamau',
  'Xavier Lopez',
  'Yuki Tanaka',
  'Zoe Papadaki',
  'Amelia Brown',
  'Bao Nguyen',
  'Clara Lindqvist',
  'Diego Herrera',
];

/** A made-up class. Ids do not change when names do. */
export const demoClass: DemoClass = {
  id: 'demo',
  name: 'Demo class',
  students: NAMES.map((name, index) => {
    const userId = `demo-${String(index + 1).padStart(2, '0')}`;
    return { id: `tc-testcase-${userId}`, name, userId };
  }),
};
