// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

/**
 * What {@link Command#exec()} does with output that is longer than {@link Command#maxBuffer(long, LongOutput)}.
 *
 * @since 0.1.0
 */
public enum LongOutput {
    /** Fails with an {@link ExecException} of {@link ExecException.Reason#MAX_BUFFER} and kills the process tree. */
    FAIL,
    /** Keeps the beginning and reads on, so that the program runs to its end; {@link ExecResult#isTruncated()} tells. */
    CUT
}
