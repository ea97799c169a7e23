// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

/**
 * What {@link Command#lines()} does with a line that is longer than {@link Command#maxLine(int, LongLine)}. In each
 * case memory stays bounded.
 *
 * @since 0.1.0
 */
public enum LongLine {
    /** Fails with an {@link ExecException} of {@link ExecException.Reason#LONG_LINE} and kills the process tree. */
    FAIL,
    /** Emits the beginning of the line and drops the rest of it. */
    CUT,
    /** Emits the line in pieces. */
    SPLIT
}
