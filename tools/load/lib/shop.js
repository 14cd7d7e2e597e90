// The shop: a product that is bought in one step, and a coupon that is claimed once by each.

import { call, expected, needed, persist, refusal } from './api.js';

export const UNIT_PRICE = 10;

// A new product of so many units; its id.
export function product(run, units, shards, admin) {
  const wanted = { name: `Load ${run}`, price: UNIT_PRICE, stock: units, stock_shards: shards };
  return needed('product', call('POST', '/products', wanted, admin), '201').product_id;
}

// How many units are left, by an answer that is not remembered from before the last order: at most a second old.
export function available(product) {
  return needed('stock', call('GET', `/products/${product}`), '200').available;
}

// Orders one unit and pays it in the same step; whether it is bought. A refusal is right if it is sold out.
export function order(product, tokens) {
  const body = { items: [{ product_id: product, quantity: 1 }], pay: true };
  const answer = persist('POST', '/orders', body, tokens);
  if (!expected('order', answer, '201', '409 out-of-stock')) return false;
  if (answer.status === 201) return true;
  refusal('out-of-stock');
  return false;
}

// A new coupon of so many; its id.
export function coupon(run, quantity, shards, admin) {
  const wanted = {
    name: `Load ${run}`,
    discount: { kind: 'amount', value: 1000 },
    quantity,
    shards,
    valid_from: new Date(Date.now() - 60000).toISOString(),
    valid_until: new Date(Date.now() + 3600000).toISOString(),
  };
  return needed('coupon', call('POST', '/coupons', wanted, admin), '201').coupon_id;
}

// Claims a coupon for somebody who has none; whether it is theirs. A refusal is right if all are gone.
export function claim(coupon, tokens) {
  const answer = persist('POST', `/coupons/${coupon}/claims`, {}, tokens);
  // Claimed before only if the answer of an earlier try was lost.
  const those = ['201', '409 coupon-exhausted', ...(answer.repeated ? ['200'] : [])];
  if (!expected('claim', answer, ...those)) return false;
  if (answer.status < 300) return true;
  refusal('coupon-exhausted');
  return false;
}

// How many coupons are left, and how many of these users hold one.
export function holders(coupon, users) {
  const left = needed('coupon', call('GET', `/coupons/${coupon}`), '200').remaining;
  const held = (access) => {
    const mine = needed('my coupons', call('GET', '/users/me/coupons', undefined, { access }), '200');
    return mine.items.length;
  };
  return { left, held: users.reduce((sum, access) => sum + held(access), 0) };
}
