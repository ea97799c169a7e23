// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * How one output is made text of, and how much of it is taken. Those of a command are for both of its outputs, each of
 * which may differ.
 *
 * @param name stdout or stderr, for errors
 */
record OutputRules(
        String name,
        Charset charset,
        long maxBufferBytes,
        LongOutput longOutput,
        int maxLine,
        LongLine longLine,
        char delimiter) {

    static final OutputRules DEFAULT =
            new OutputRules("output", StandardCharsets.UTF_8, 16L << 20, LongOutput.FAIL, 1 << 20, LongLine.FAIL, '\n');

    OutputRules name(String name) {
        return new OutputRules(name, charset, maxBufferBytes, longOutput, maxLine, longLine, delimiter);
    }

    OutputRules charset(Charset charset) {
        Objects.requireNonNull(charset, "charset");
        return new OutputRules(name, charset, maxBufferBytes, longOutput, maxLine, longLine, delimiter);
    }

    OutputRules maxBuffer(long bytes, LongOutput policy) {
        Checks.positive("maxBuffer", bytes);
        Objects.requireNonNull(policy, "policy");
        return new OutputRules(name, charset, bytes, policy, maxLine, longLine, delimiter);
    }

    OutputRules maxLine(int length, LongLine policy) {
        Checks.positive("maxLine", length);
        Objects.requireNonNull(policy, "policy");
        return new OutputRules(name, charset, maxBufferBytes, longOutput, length, policy, delimiter);
    }

    OutputRules delimiter(char delimiter) {
        return new OutputRules(name, charset, maxBufferBytes, longOutput, maxLine, longLine, delimiter);
    }
}
