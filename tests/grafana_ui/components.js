// What page.js draws with, bundled once by deploy/setup.sh: Grafana's own code under one name.
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { flushSync } from 'react-dom';
import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  createDataFrame,
  createTheme,
  dateTime,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  renderTextPanelMarkdown,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  ThemeContext,
  transformDataFrame,
} from '@grafana/data';
import { BarGauge, BigValue, GlobalStyles, PanelChrome, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';

window.grafana = {
  applyFieldOverrides,
  BarGauge,
  BigValue,
  cacheFieldDisplayNames,
  createDataFrame,
  createElement,
  createRoot,
  createTheme,
  dateTime,
  flushSync,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  GlobalStyles,
  PanelChrome,
  renderTextPanelMarkdown,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  TableNG,
  ThemeContext,
  TimeSeries,
  transformDataFrame,
  VizRepeater,
};
