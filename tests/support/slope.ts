/** The slope of the line through measured points with the least sum of squared distances. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (place: 0 | 1) => points.reduce((sum, at) => sum + at[place], 0) / points.length;
  const [middleX, middleY] = [mean(0), mean(1)];
  let [over, under] = [0, 0];
  for (const [x, y] of points) {
    over += (x - middleX) * (y - middleY);
    under += (x - middleX) ** 2;
  }
  return under === 0 ? 0 : over / under;
}
