// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The properties that child processes start with.
 *
 * @param timeout How long a program may run. Zero sets no limit.
 * @param idleTimeout How long a program may write nothing. Zero sets no limit.
 * @param grace How long a program that was asked to end is waited for before it is killed.
 * @param drain How long output is waited for when the program itself has ended.
 * @param maxBuffer Most output of one kind that is collected before the program is killed.
 * @since 0.1.0
 */
@ConfigurationProperties("spindle.process")
public record SpindleProcessProperties(
        @DefaultValue("0s") Duration timeout,
        @DefaultValue("0s") Duration idleTimeout,
        @DefaultValue("5s") Duration grace,
        @DefaultValue("2s") Duration drain,
        @DefaultValue("16MB") DataSize maxBuffer) {

    /** Checks the bounds. */
    public SpindleProcessProperties {
        Rules.notNegative("spindle.process.timeout", timeout);
        Rules.notNegative("spindle.process.idle-timeout", idleTimeout);
        Rules.notNegative("spindle.process.grace", grace);
        Rules.notNegative("spindle.process.drain", drain);
        if (maxBuffer.toBytes() < 1) {
            throw new WrongPropertyException("spindle.process.max-buffer", maxBuffer, "must be positive");
        }
    }
}
