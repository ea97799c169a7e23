// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

/** A property has a value that it must not have. {@link WrongPropertyAnalyzer} tells the user what to do. */
final class WrongPropertyException extends IllegalArgumentException {

    private final String property;
    private final String value;
    private final String rule;

    WrongPropertyException(String property, Object value, String rule) {
        super(property + " " + rule + ", was " + value);
        this.property = property;
        this.value = value.toString();
        this.rule = rule;
    }

    String property() {
        return property;
    }

    String value() {
        return value;
    }

    String rule() {
        return rule;
    }
}
