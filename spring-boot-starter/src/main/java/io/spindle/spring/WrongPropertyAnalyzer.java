// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;

/** Explains a wrong value: which property, where it comes from, what it must be. Before Boot's own, which knows less. */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class WrongPropertyAnalyzer extends AbstractFailureAnalyzer<WrongPropertyException> {

    private final @Nullable Environment environment;

    WrongPropertyAnalyzer(@Nullable Environment environment) {
        this.environment = environment;
    }

    @Override
    protected FailureAnalysis analyze(Throwable failure, WrongPropertyException cause) {
        String description = "The property '" + cause.property() + "' has the value '" + cause.value() + "'"
                + origin(cause.property()) + ". It " + cause.rule() + ".";
        return new FailureAnalysis(
                description, "Change the value of '" + cause.property() + "', or remove it to get the default.", cause);
    }

    private String origin(String property) {
        if (environment == null) {
            return "";
        }
        ConfigurationPropertyName name = ConfigurationPropertyName.of(property);
        for (var source : ConfigurationPropertySources.get(environment)) {
            ConfigurationProperty found = source.getConfigurationProperty(name);
            if (found != null && found.getOrigin() != null) {
                return " (" + found.getOrigin() + ")";
            }
        }
        return "";
    }
}
