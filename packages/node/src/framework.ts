export type PreparedHeader = readonly [name: string, value: number | string | readonly string[]];

/** What a framework knows of a response and the response itself does not yet. */
export interface Framework {
  /** The pattern of the route, for warnings, so that `/users/1` and `/users/2` are one. */
  readonly route?: string | undefined;
  /** Headers that it keeps until it sends the head. Asked once, when the head leaves in its place. */
  preparedHeaders(): Iterable<PreparedHeader>;
}
