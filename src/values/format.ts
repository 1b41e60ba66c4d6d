/**
 * The numbers of the wire format; docs/format.md explains them.
 *
 *   byte 0     byte 1    byte 2 …
 *   version    flags     value, MessagePack   later values   …8   small segments   …64   large segments
 *
 * Changing any of these is a new FORMAT_VERSION.
 */

export const FORMAT_VERSION = 1;
export const HEADER_BYTES = 2;

// Flags say which rarely needed machinery a reader must start.
/** Some object occurs twice: POINTER extensions are present. */
export const FLAG_POINTERS = 1;
/** Bytes of buffers stand behind the MessagePack part. */
export const FLAG_SEGMENTS = 2;
/** Several buffer extensions stand on one segment. */
export const FLAG_SHARED_SEGMENTS = 4;
/** Values that were too deeply nested stand behind the first one. */
export const FLAG_LATER = 8;
export const ALL_FLAGS = 15;

// Extension types. The letters are what a hex dump shows.
/** An array with named properties: the array, then a map. */
export const EXT_ARRAY_WITH_FIELDS = 0x41; // A
/** A bigint: two's complement, big-endian. */
export const EXT_BIGINT = 0x42; // B
/** An instance of a class with a registered codec: the codec's name, then what it serialized to. */
export const EXT_CODEC = 0x43; // C
/** The invalid Date; no data. (A valid one is MessagePack's own timestamp.) */
export const EXT_INVALID_DATE = 0x44; // D
/** An error: array of class names, map of hidden fields, map of enumerable fields. */
export const EXT_ERROR = 0x45; // E
/** As an array's item: this many (u32) missing elements. */
export const EXT_HOLES = 0x48; // H
/** A string that is no valid Unicode: UTF-16 code units, little-endian. */
export const EXT_UTF16 = 0x4a; // J
/** The value stands behind the first one, as number n (u32) of those. */
export const EXT_LATER = 0x4c; // L
/** A Map: one MessagePack map, its keys any values. */
export const EXT_MAP = 0x4d; // M
/** An object without a prototype: one map. */
export const EXT_NULL_OBJECT = 0x4e; // N
/** A Boolean, Number, String or BigInt object: the primitive. */
export const EXT_BOXED = 0x4f; // O
/** The object that began as number n (u32) in this message. */
export const EXT_POINTER = 0x50; // P
/** The n-th (u32) store reference of the message. */
export const EXT_REF = 0x52; // R
/** A Set: one array. */
export const EXT_SET = 0x54; // T
/** undefined; no data. */
export const EXT_UNDEFINED = 0x55; // U
/** A typed array, DataView, Buffer or ArrayBuffer: see BUFFER_EXT_BYTES. */
export const EXT_BUFFER = 0x56; // V
/** A typed array, DataView or Buffer whose bytes are part of another object's payload: see PART_EXT_BYTES. */
export const EXT_PART = 0x57; // W
/** A RegExp: source, then flags. */
export const EXT_REGEXP = 0x58; // X
/** What the host layer sends as itself (remote functions, actor handles): its description. */
export const EXT_HOST_FIRST = 0x60;
export const EXT_HOST_LAST = 0x6f;
/** MessagePack's own timestamp, -1. */
export const EXT_TIMESTAMP = 0xff;

/** kind u8 | segment start u32 | segment bytes u32 | offset in it u32 | bytes u32, big-endian. */
export const BUFFER_EXT_BYTES = 17;
/** Added to the kind: the segment is a resizable ArrayBuffer, and its maximum, a u32, stands behind its bytes. */
export const KIND_RESIZABLE = 0x40;
/** Added to the kind: the view's length follows its ArrayBuffer's. */
export const KIND_TRACKING = 0x80;
export const MAXIMUM_BYTES = 4;
/** kind u8 | number of the store reference u32 | offset in its payload u32 | bytes u32, big-endian. */
export const PART_EXT_BYTES = 13;

/** Segments of at least this many bytes are 64-aligned and written straight into the store; smaller ones are 8-aligned. */
export const LARGE_SEGMENT_BYTES = 2048;
export const LARGE_SEGMENT_ALIGNMENT = 64;
export const SMALL_SEGMENT_ALIGNMENT = 8;

/** Deeper values are put off until after the first one, so that neither side's stack is at the mercy of the data. */
export const LATER_DEPTH = 100;
/** What cannot be put off (a codec's data, a host extension's description) may nest this deep. */
export const MAX_DEPTH = 250;
/** Readers refuse more. An extension and the array or map in it are two levels to them. */
export const MAX_READ_DEPTH = 2 * MAX_DEPTH;

/** Sizes and positions are u32. */
export const MAX_MESSAGE_BYTES = 0xffff_ffff;
