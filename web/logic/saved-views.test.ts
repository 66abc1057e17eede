import { expect, test } from '@jest/globals';
import { viewsFrom, withoutView, withView } from './saved-views.js';

test('views are kept by name, and come back as they were', () => {
  const views = withView(withView([], { name: 'silent', query: 'state=silent' }), {
    name: 'b1',
    query: 'text=b1',
  });
  expect(views.map(({ name }) => name)).toEqual(['b1', 'silent']);
  expect(withView(views, { name: 'b1', query: 'text=b2' })[0]?.query).toBe('text=b2');
  expect(viewsFrom(JSON.stringify(views))).toEqual(views);
  expect(withoutView(views, 'b1')).toEqual([{ name: 'silent', query: 'state=silent' }]);
});

test.each([null, '', '{', '{"name":1}', '[1,null,{"name":"","query":""},{"name":"a"}]'])(
  'of %j nothing is believed',
  (kept) => expect(viewsFrom(kept)).toEqual([]),
);
